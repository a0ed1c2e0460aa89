// The licences of the packages a bundle is made of, from the packages themselves.
import { readdir, readFile } from "node:fs/promises";

const isNotice = /^(licen[cs]e|copying|notice|third-?party-?notices)/i;

// The innermost package of a path such as node_modules/a/node_modules/@b/c/file.js: node_modules/a/node_modules/@b/c.
function packageFolder(path) {
  return path.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/)?.[0];
}

/** Text naming every package among the input files, its version, licence and licence text. Throws when one states none. */
export async function collectNotices(inputs) {
  const folders = new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined));
  const sections = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
    if (typeof license !== "string") throw new Error(`${name} ${version} states no licence: look at it before it is shipped`);
    const files = (await readdir(folder)).filter((file) => isNotice.test(file)).sort();
    const texts = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, "utf8")));
    sections.set(`${name} ${version}`, [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join("\n\n"));
  }
  const intro = "The files in this folder contain the packages below, each under its own licence.";
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  return `${[intro, ...[...sections.keys()].sort().map((key) => sections.get(key))].join(rule)}\n`;
}

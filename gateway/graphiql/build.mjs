// Bundles GraphiQL and its workers into dist/, which is committed: running the gateway needs no Node.
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { build } from "esbuild";
import { collectNotices } from "./notices.mjs";

// Another folder is given by the test that compares a fresh bundle with the committed one.
const [output = "dist"] = process.argv.slice(2);
const assets = `${output}/assets`;
const modules = "node_modules";

await rm(output, { recursive: true, force: true });

const { metafile } = await build({
  entryPoints: {
    main: "src/main.jsx",
    "editor.worker": `${modules}/monaco-editor/esm/vs/editor/editor.worker.js`,
    "graphql.worker": `${modules}/monaco-graphql/esm/graphql.worker.js`,
    "json.worker": `${modules}/monaco-editor/esm/vs/language/json/json.worker.js`,
  },
  outdir: assets,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  alias: {
    "monaco-editor/esm/vs/editor/edcore.main.js": "./src/editor.js",
    // GraphiQL names these by paths that are CommonJS only, whose parsers a split bundle would not export.
    "prettier/parser-babel": "prettier/plugins/babel",
    "prettier/parser-graphql": "prettier/plugins/graphql",
  },
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: ["chrome115", "firefox115", "safari16.4"],
  jsx: "automatic",
  loader: { ".graphql": "text", ".ttf": "file", ".woff2": "file" },
  define: { "process.env.NODE_ENV": '"production"' },
  // The notices of what is bundled are gathered in one file instead.
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

// esbuild writes the styles of a lazily imported module a second time, for a page that would start there; none does.
const entries = new Map();
for (const [path, { entryPoint, cssBundle }] of Object.entries(metafile.outputs)) {
  const entry = basename(path).match(/^(main|\w+\.worker)-\w+\.js$/)?.[1];
  if (entry !== undefined && entryPoint !== undefined) {
    entries.set(`${entry}.js`, basename(path));
    if (entry === "main") entries.set("main.css", basename(cssBundle));
  }
}
for (const path of Object.keys(metafile.outputs)) {
  if (path.endsWith(".css") && basename(path) !== entries.get("main.css")) await rm(path);
}

const template = await readFile("index.html", "utf8");
const page = template.replaceAll(/\{([\w.]+\.(?:js|css))\}/g, (_, name) => {
  if (!entries.has(name)) throw new Error(`index.html names ${name}, which the build does not make`);
  return entries.get(name);
});
await writeFile(`${output}/index.html`, page);
await writeFile(`${output}/THIRD-PARTY-NOTICES.txt`, await collectNotices(Object.keys(metafile.inputs)));

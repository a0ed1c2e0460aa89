// Usage: node audit.mjs URL. Prints the GraphQL-over-HTTP audits of the server at URL as JSON: [{id, name, status, reason}].
import { serverAudits } from "graphql-http";

const [url] = process.argv.slice(2);

const fetchFn = (address, options) => fetch(address, { ...options, signal: AbortSignal.timeout(10_000) });

const results = [];
for (const { id, name, fn } of serverAudits({ url, fetchFn })) {
  const { status, reason = null } = await fn();
  results.push({ id, name, status, reason });
}
console.log(JSON.stringify(results));

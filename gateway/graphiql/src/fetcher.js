// The page is served at the endpoint's own path, so the endpoint is wherever this page is, behind a proxy's prefix too.
const endpoint = window.location.pathname;

export async function fetchGraphQL(parameters, { headers } = {}) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      ...headers,
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
    },
    body: JSON.stringify(parameters),
  });
  const mediaType = response.headers.get("content-type") ?? "";
  if (!/^application\/(graphql-response\+)?json/.test(mediaType)) {
    throw new Error(`${response.status} ${response.statusText}: ${await response.text()}`);
  }
  return response.json();
}

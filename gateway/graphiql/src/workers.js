// Workers are files beside the page, not blobs, so that a policy of worker-src 'self' is enough.
const { workers } = document.getElementById("graphiql").dataset;
const addresses = JSON.parse(workers);

globalThis.MonacoEnvironment = {
  getWorker(_moduleId, label) {
    const address = addresses[label] ?? addresses.editor;
    return new Worker(new URL(address, document.baseURI), { type: "module", name: label });
  },
};

import "./workers.js";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { fetchGraphQL } from "./fetcher.js";
import newcomerQuery from "./newcomer.graphql";
// Monaco is imported here, not only on demand by GraphiQL, so that its styles end up in the one stylesheet.
import "monaco-graphql/esm/monaco-editor.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-history/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "graphiql/graphiql.css";
import "./style.css";

const address = new URLSearchParams(window.location.search);

function Page() {
  return (
    <GraphiQL
      fetcher={fetchGraphQL}
      defaultQuery={newcomerQuery}
      initialQuery={address.get("query") ?? undefined}
      initialVariables={address.get("variables") ?? undefined}
      // Queries and variables name patients: they end with the tab, they do not stay on a shared workstation.
      storage={window.sessionStorage}
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo>Anamnesis</GraphiQL.Logo>
    </GraphiQL>
  );
}

// Monaco measures the width of a character once, when an editor opens: the font must be there by then.
document.fonts.load('1em "Fira Code"').finally(() => {
  createRoot(document.getElementById("graphiql")).render(<Page />);
});

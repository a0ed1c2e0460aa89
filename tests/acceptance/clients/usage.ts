// What a client's own code looks like on the generated types. It is compiled, never run.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { graphql } from "./generated/index.js";
import { ChartDocument, EncounterDetailDocument, SearchHistoryDocument } from "./generated/graphql.js";

declare function execute<Result, Variables>(
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result>;

export async function chartLines(mrn: string): Promise<string[]> {
  const { patient } = await execute(ChartDocument, { mrn });
  // A part that failed is null and takes nothing else with it; a list never holds null.
  return (patient?.encounters?.nodes ?? []).map(
    (encounter) => `${encounter.startedAt} ${encounter.type.display}: ${encounter.events?.nodes.length ?? 0}`,
  );
}

export async function measurements(id: string): Promise<number[]> {
  const { encounter } = await execute(EncounterDetailDocument, { id });
  // The kinds are told apart by __typename; only an observation has a quantity.
  return (encounter?.events?.nodes ?? []).flatMap((event) =>
    event.__typename === "Observation" && event.quantity !== null ? [event.quantity.value] : [],
  );
}

export async function activeConditions(query: string): Promise<string[]> {
  const { searchHistory } = await execute(SearchHistoryDocument, {
    query,
    filter: { kinds: ["CONDITION"], active: true },
  });
  return searchHistory?.edges.map(({ node }) => node.id) ?? [];
}

export function mistakes(): void {
  // @ts-expect-error A required variable cannot be left out.
  void execute(ChartDocument, {});
  // @ts-expect-error There is no such kind.
  void execute(SearchHistoryDocument, { query: "", filter: { kinds: ["DIAGNOSIS"] } });
  // @ts-expect-error A patient may be unknown.
  void execute(ChartDocument, { mrn: "" }).then(({ patient }) => patient.id);
  // @ts-expect-error An operation that is not among the documents has no type.
  void execute(graphql("query Unknown { __typename }"), {});
}

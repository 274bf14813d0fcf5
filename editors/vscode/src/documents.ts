/** A document that the server knows, as the editor is told of it. */
export interface Filter {
  scheme: string;
  language?: string;
  pattern?: string;
}

/** Old revisions, previews and cells of notebooks are nobody's files: their findings would be told of the real ones. */
const SCHEMES = ["file", "untitled"];

const KNOWN: readonly Omit<Filter, "scheme">[] = [
  { language: "dockerfile" },
  { language: "dockercompose" },
  { language: "dockerbake" },
  { language: "python" },
  { language: "yaml", pattern: "**/*compose*.{yml,yaml}" },
  { pattern: "**/docker-bake*.{hcl,json}" },
];

/** The documents that are opened in the server. */
export const served: Filter[] = SCHEMES.flatMap((scheme) => KNOWN.map((one) => ({ scheme, ...one })));

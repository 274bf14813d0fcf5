/** What `dockerslim.preview` answers. */
export interface Preview {
  uri: string;
  version: number;
  diff: string;
  before: string;
  text: string;
}

/** The rewritten texts that previews show, by the address of the document that each would become. */
export class Previews {
  private readonly texts = new Map<string, string>();

  /** Keep the text of `preview`, in place of an older one; the query under which a virtual document shows it. */
  keep(preview: Preview): string {
    this.texts.set(preview.uri, preview.text);
    return preview.uri;
  }

  /** Let go of the text that was kept under `query`. */
  forget(query: string): void {
    this.texts.delete(query);
  }

  /** The text that was kept under `query`. */
  text(query: string): string {
    return this.texts.get(query) ?? "";
  }
}

/** Whether there is a difference to show. */
export function changes(preview: Preview | null | undefined): preview is Preview {
  return preview !== null && preview !== undefined && preview.diff !== "";
}

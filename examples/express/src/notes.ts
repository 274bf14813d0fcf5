/** Notes, kept in memory in the order in which they came. */
export class Notes {
  private readonly texts: string[] = [];

  /** Keeps `text` and returns its number. */
  add(text: string): number {
    return this.texts.push(text) - 1;
  }

  get(number: number): string | undefined {
    return this.texts[number];
  }
}

/** A client of the language server, as far as its life is concerned. */
export interface Life {
  start(): Promise<void>;
  dispose(): Promise<void>;
}

/** The server: one client at a time, which is made anew from what is set whenever the server is started. */
export class Server {
  private client: Life | undefined;
  private last: Promise<void> = Promise.resolve();

  /** `create` makes a client, `failed` is told why there is none that runs. */
  constructor(
    private readonly create: () => Life,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Whether a client runs. */
  get runs(): boolean {
    return this.client !== undefined;
  }

  /** Start the server, in place of one that runs or has failed. Each call waits for the one before. */
  start(): Promise<void> {
    return this.next(async () => {
      await this.end();
      const client = this.create();
      try {
        await client.start();
        this.client = client;
      } catch (error) {
        // One that never ran has nothing to stop, and says so.
        await client.dispose().catch(() => undefined);
        throw error;
      }
    });
  }

  /** Stop the server, if one runs. */
  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // A server that ended by itself, or does not answer, is no reason to start none.
    await client?.dispose().catch(() => undefined);
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work).catch((error: unknown) => this.failed(error));
    return this.last;
  }
}

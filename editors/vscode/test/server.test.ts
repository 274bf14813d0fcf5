import assert from "node:assert/strict";
import { test } from "node:test";
import { type Life, Server } from "../src/server";

class Client implements Life {
  constructor(
    private readonly log: string[],
    private readonly path: string | undefined,
  ) {}

  async start(): Promise<void> {
    if (this.path === undefined) {
      throw new Error("there is no such program");
    }
    this.log.push(`start ${this.path}`);
  }

  async dispose(): Promise<void> {
    if (this.path === undefined) {
      throw new Error("not running and can't be stopped");
    }
    this.log.push(`stop ${this.path}`);
  }
}

test("after a failure the server is started from the settings as they are then", async () => {
  const log: string[] = [];
  let path: string | undefined;
  const server = new Server(
    () => new Client(log, path),
    (error) => log.push(String(error)),
  );
  await server.start();
  assert.ok(!server.runs);
  await server.stop();
  path = "a";
  await server.start();
  assert.ok(server.runs);
  path = "b";
  await Promise.all([server.start(), server.stop()]);
  assert.ok(!server.runs);
  assert.deepEqual(log, ["Error: there is no such program", "start a", "stop a", "start b", "stop b"]);
});

test("what cannot even be made is told, and asked for again", async () => {
  const log: string[] = [];
  let broken = true;
  const create = (): Life => {
    if (broken) {
      throw new Error("no program");
    }
    return new Client(log, "a");
  };
  const server = new Server(create, (error) => log.push(String(error)));
  await server.start();
  broken = false;
  await server.start();
  assert.deepEqual(log, ["Error: no program", "start a"]);
});

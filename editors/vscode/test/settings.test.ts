import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chosen, serverKeys, type Settings, startOf } from "../src/settings";

function settings(values: Record<string, { globalValue?: unknown; workspaceValue?: unknown }>): Settings {
  return {
    get: () => assert.fail("defaults are not asked for"),
    inspect: <T>(key: string) => values[key] as { globalValue?: T; workspaceValue?: T } | undefined,
  };
}

test("the server is found on the path, or where somebody says", () => {
  assert.deepEqual(startOf(undefined, "/w"), { command: "dockerslim", args: ["server"] });
  assert.deepEqual(startOf("  ", "/w"), { command: "dockerslim", args: ["server"] });
  assert.deepEqual(startOf("/opt/dockerslim", "/w").command, "/opt/dockerslim");
  assert.deepEqual(startOf(".venv/bin/dockerslim", "/w").command, "/w/.venv/bin/dockerslim");
  assert.deepEqual(startOf(".venv/bin/dockerslim", undefined).command, ".venv/bin/dockerslim");
});

test("only what somebody chose is sent, the workspace's word before the user's", () => {
  const said = settings({
    level: { globalValue: "safe", workspaceValue: "standard" },
    ignore: { globalValue: ["DS201"] },
    pin: {},
  });
  assert.deepEqual(chosen(said, ["level", "ignore", "pin", "select"]), { level: "standard", ignore: ["DS201"] });
});

test("what is about starting the server is not sent to it", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const properties = manifest.contributes.configuration.properties;
  const keys = serverKeys(properties);
  assert.ok(keys.includes("level"));
  assert.ok(keys.includes("extendSelect"));
  assert.ok(!keys.includes("path"));
  assert.equal(keys.length, Object.keys(properties).length - 2);
});

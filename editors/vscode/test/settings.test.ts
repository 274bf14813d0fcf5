import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chosen, isThere, type Place, serverKeys, type Settings, startOf } from "../src/settings";

const place: Place = { folder: "/w", home: "/home/a", environment: { PATH: "/usr/bin:/opt/bin", VENV: "/v" }, windows: false };
const windows: Place = { ...place, folder: "C:\\w", environment: { Path: "C:\\Python\\Scripts;D:\\b" }, windows: true };

function settings(values: Record<string, { globalValue?: unknown; workspaceValue?: unknown }>): Settings {
  return {
    get: () => assert.fail("defaults are not asked for"),
    inspect: <T>(key: string) => values[key] as { globalValue?: T; workspaceValue?: T } | undefined,
  };
}

function command(path: string | undefined, where: Place = place): string {
  return startOf(path, where).command;
}

test("the server is found on the path, or where somebody says", () => {
  assert.deepEqual(startOf(undefined, place), { command: "dockerslim", args: ["server"] });
  assert.equal(command("  "), "dockerslim");
  assert.equal(command("/opt/dockerslim"), "/opt/dockerslim");
  assert.equal(command(".venv/bin/dockerslim"), "/w/.venv/bin/dockerslim");
  assert.equal(command(".venv/bin/dockerslim", { ...place, folder: undefined }), ".venv/bin/dockerslim");
  assert.equal(command(".venv\\Scripts\\dockerslim", windows), "C:\\w\\.venv\\Scripts\\dockerslim");
});

test("a path may begin with ~ and hold variables", () => {
  assert.equal(command("~/bin/dockerslim"), "/home/a/bin/dockerslim");
  assert.equal(command("${workspaceFolder}/.venv/bin/dockerslim"), "/w/.venv/bin/dockerslim");
  assert.equal(command("${userHome}/x"), "/home/a/x");
  assert.equal(command("${env:VENV}/bin/dockerslim"), "/v/bin/dockerslim");
  assert.equal(command("/a/~/${unknown}"), "/a/~/${unknown}");
});

test("whether there is such a program is known before it is started", () => {
  const has = (...files: string[]) => (path: string) => files.includes(path);
  assert.ok(isThere("dockerslim", place, has("/opt/bin/dockerslim")));
  assert.ok(!isThere("dockerslim", place, has("/w/dockerslim")));
  assert.ok(isThere("/w/.venv/bin/dockerslim", place, has("/w/.venv/bin/dockerslim")));
  assert.ok(!isThere("/w/.venv/bin/dockerslim", place, has()));
  assert.ok(isThere("dockerslim", windows, has("D:\\b\\dockerslim.exe")));
  assert.ok(isThere("C:\\w\\dockerslim", windows, has("C:\\w\\dockerslim.exe")));
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

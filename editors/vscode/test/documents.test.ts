import assert from "node:assert/strict";
import { test } from "node:test";
import { served } from "../src/documents";

test("only files and what is not saved yet are opened in the server", () => {
  assert.deepEqual([...new Set(served.map((one) => one.scheme))], ["file", "untitled"]);
  for (const scheme of ["file", "untitled"]) {
    const languages = served.filter((one) => one.scheme === scheme).map((one) => one.language);
    assert.ok(languages.includes("dockerfile") && languages.includes("python"));
  }
});

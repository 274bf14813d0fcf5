import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, Previews } from "../src/preview";

const preview = { uri: "file:///a/Dockerfile", version: 3, diff: "--- a\n", before: "FROM a\n", text: "FROM b\n" };

test("a preview shows the rewritten text", () => {
  const previews = new Previews();
  assert.equal(previews.text(previews.keep(preview)), "FROM b\n");
  assert.equal(previews.text("file:///other"), "");
  assert.equal(previews.text(previews.keep({ ...preview, text: "FROM c\n" })), "FROM c\n");
  previews.forget(preview.uri);
  assert.equal(previews.text(preview.uri), "");
});

test("without a difference there is nothing to show", () => {
  assert.ok(changes(preview));
  assert.ok(!changes({ ...preview, diff: "" }));
  assert.ok(!changes(null));
});

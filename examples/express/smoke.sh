set -e
echo "NODE_ENV=$NODE_ENV"
node - <<'SCRIPT'
const { createApp } = require("./dist/app");
const server = createApp().listen(0, "127.0.0.1", async () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  console.log(await (await fetch(`${base}/health`)).text());
  const kept = await fetch(`${base}/notes`, { method: "POST", body: "hello", headers: { "content-type": "text/plain" } });
  console.log(kept.status, await (await fetch(`${base}/notes/0`)).text());
  server.close();
});
SCRIPT

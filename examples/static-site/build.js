// Turns every Markdown file in content/ into a page in dist/, and the style sheet into a small one.
const fs = require("node:fs");
const path = require("node:path");
const CleanCSS = require("clean-css");
const { marked } = require("marked");

fs.mkdirSync("dist", { recursive: true });
for (const name of fs.readdirSync("content")) {
  const source = fs.readFileSync(path.join("content", name), "utf8");
  if (name.endsWith(".md")) {
    const page = `<!doctype html>\n<meta charset="utf-8">\n<link rel="stylesheet" href="site.css">\n${marked.parse(source)}`;
    fs.writeFileSync(path.join("dist", name.replace(/\.md$/, ".html")), page);
  } else if (name.endsWith(".css")) {
    fs.writeFileSync(path.join("dist", name), new CleanCSS().minify(source).styles);
  }
}

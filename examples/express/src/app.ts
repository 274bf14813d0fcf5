import express from "express";
import { Notes } from "./notes";

/** The web application: POST /notes keeps a note, GET /notes/NUMBER shows it. */
export function createApp(): express.Express {
  const app = express();
  const notes = new Notes();
  app.use(express.text());
  app.get("/health", (_request, response) => response.json({ status: "ok" }));
  app.post("/notes", (request, response) => response.status(201).json({ number: notes.add(String(request.body)) }));
  app.get("/notes/:number", (request, response) => {
    const text = notes.get(Number(request.params.number));
    return text === undefined ? response.sendStatus(404) : response.type("text").send(text);
  });
  return app;
}

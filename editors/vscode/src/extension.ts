import { statSync } from "node:fs";
import { homedir } from "node:os";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";
import { served } from "./documents";
import { changes, type Preview, Previews } from "./preview";
import { Server } from "./server";
import { chosen, isThere, type Place, serverKeys, startOf } from "./settings";

const SCHEME = "dockerslim-preview";
const PREVIEW = "dockerslim.preview";
const APPLY = "dockerslim.apply";
/** Settings that count when the server starts. */
const STARTING = ["dockerslim.path", "dockerslim.formatting"];
const INSTALL = "Install it with `pip install 'dockerslim-rewrite[editor]'`, or name it in `dockerslim.path`.";
let server: Server | undefined;

/** Start the server for the documents that it knows. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const keys = serverKeys(context.extension.packageJSON.contributes.configuration.properties);
  const previews = new Previews();
  const refreshed = new vscode.EventEmitter<vscode.Uri>();
  const log = vscode.window.createOutputChannel("dockerslim");
  const running = new Server(
    () => create(keys, log, (preview) => show(preview, previews, refreshed)),
    (error) => void tell(error),
  );
  server = running;
  const onActive = (command: string) => () => {
    const uri = vscode.window.activeTextEditor?.document.uri;
    if (!running.runs) {
      return tell(new Error("the server does not run"));
    }
    return uri && vscode.commands.executeCommand(command, uri.toString());
  };
  context.subscriptions.push(
    log,
    refreshed,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: refreshed.event,
      provideTextDocumentContent: (uri) => previews.text(uri.query),
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (document.uri.scheme === SCHEME) {
        previews.forget(document.uri.query);
      }
    }),
    vscode.commands.registerCommand("dockerslim.restart", () => running.start()),
    vscode.commands.registerCommand("dockerslim.previewActive", onActive(PREVIEW)),
    vscode.commands.registerCommand("dockerslim.applyActive", onActive(APPLY)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => running.start()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (STARTING.some((one) => event.affectsConfiguration(one))) {
        void running.start();
      }
    }),
  );
  await running.start();
}

/** Stop the server. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** A client of the server that the settings name now. Throws where there is no such program. */
function create(
  keys: string[],
  outputChannel: vscode.OutputChannel,
  preview: (answer: Preview | null) => Promise<void>,
): LanguageClient {
  const settings = vscode.workspace.getConfiguration("dockerslim");
  const place: Place = {
    folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    home: homedir(),
    environment: process.env,
    windows: process.platform === "win32",
  };
  const run = startOf(trusted(settings), place);
  if (!isThere(run.command, place, isFile)) {
    throw new Error(`there is no program ${run.command}`);
  }
  const options: LanguageClientOptions = {
    documentSelector: served,
    outputChannel,
    initializationOptions: chosen(settings, keys),
    middleware: {
      workspace: {
        // The server asks for its section: it gets what somebody chose, for the folder that it asks of, and no defaults.
        configuration: (params) =>
          params.items.map((item) => {
            const scope = item.scopeUri === undefined ? null : vscode.Uri.parse(item.scopeUri);
            return chosen(vscode.workspace.getConfiguration("dockerslim", scope), keys);
          }),
      },
      executeCommand: async (command, args, next) => {
        const answer = await next(command, args);
        if (command === PREVIEW) {
          await preview(answer as Preview | null);
        }
        return answer;
      },
    },
  };
  const client = new LanguageClient("dockerslim", "dockerslim", run, options);
  client.registerFeature({
    // What the server answers to a preview is shown here, as a diff of two documents.
    fillClientCapabilities: (capabilities) => {
      capabilities.experimental = { ...capabilities.experimental, dockerslimPreview: true };
    },
    initialize: () => undefined,
    getState: () => ({ kind: "static" }),
    clear: () => undefined,
  });
  return client;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Say why the server does not run, and what helps. */
async function tell(error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  const settings = "Open settings";
  const message = `dockerslim: ${reason.replace(/\.$/, "")}. ${INSTALL}`;
  if ((await vscode.window.showErrorMessage(message, settings)) === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "dockerslim.path");
  }
}

/** The path of the server: a workspace that nobody trusts does not choose what is run. */
function trusted(settings: vscode.WorkspaceConfiguration): string | undefined {
  return vscode.workspace.isTrusted ? settings.get<string>("path") : settings.inspect<string>("path")?.globalValue;
}

async function show(
  preview: Preview | null,
  previews: Previews,
  refreshed: vscode.EventEmitter<vscode.Uri>,
): Promise<void> {
  if (!changes(preview)) {
    void vscode.window.showInformationMessage("dockerslim: nothing to change");
    return;
  }
  const left = vscode.Uri.parse(preview.uri);
  const right = left.with({ scheme: SCHEME, query: previews.keep(preview), fragment: "" });
  // One that is open already shows what it was given first.
  refreshed.fire(right);
  await vscode.commands.executeCommand("vscode.diff", left, right, "dockerslim: as it is ↔ rewritten");
}

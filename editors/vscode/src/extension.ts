import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import { changes, type Preview, Previews } from "./preview";
import { chosen, serverKeys, startOf } from "./settings";

const SCHEME = "dockerslim-preview";
const PREVIEW = "dockerslim.preview";
let client: LanguageClient | undefined;

/** Start the server for the documents that it knows. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const keys = serverKeys(context.extension.packageJSON.contributes.configuration.properties);
  const previews = new Previews();
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: (uri) => previews.text(uri.query),
    }),
    vscode.commands.registerCommand("dockerslim.restart", () => client?.restart()),
    vscode.commands.registerCommand("dockerslim.previewActive", () => {
      const uri = vscode.window.activeTextEditor?.document.uri;
      return uri && vscode.commands.executeCommand(PREVIEW, uri.toString());
    }),
    vscode.commands.registerCommand("dockerslim.applyActive", () => {
      const uri = vscode.window.activeTextEditor?.document.uri;
      return uri && vscode.commands.executeCommand("dockerslim.apply", uri.toString());
    }),
  );
  client = create(keys, previews);
  context.subscriptions.push({ dispose: () => void client?.dispose() });
  await client.start();
}

/** Stop the server. */
export async function deactivate(): Promise<void> {
  await client?.stop();
}

function create(keys: string[], previews: Previews): LanguageClient {
  const settings = vscode.workspace.getConfiguration("dockerslim");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const run: ServerOptions = startOf(trusted(settings), folder);
  const options: LanguageClientOptions = {
    documentSelector: [
      { language: "dockerfile" },
      { language: "dockercompose" },
      { language: "dockerbake" },
      { language: "python" },
      { language: "yaml", pattern: "**/*compose*.{yml,yaml}" },
      { pattern: "**/docker-bake*.{hcl,json}" },
    ],
    initializationOptions: chosen(settings, keys),
    middleware: {
      workspace: {
        // The server asks for its section: it gets what somebody chose, and no defaults.
        configuration: (params) =>
          params.items.map(() => chosen(vscode.workspace.getConfiguration("dockerslim"), keys)),
      },
      executeCommand: async (command, args, next) => {
        const answer = await next(command, args);
        if (command === PREVIEW) {
          await show(answer as Preview | null, previews);
        }
        return answer;
      },
    },
  };
  return new LanguageClient("dockerslim", "dockerslim", run, options);
}

/** The path of the server: a workspace that nobody trusts does not choose what is run. */
function trusted(settings: vscode.WorkspaceConfiguration): string | undefined {
  return vscode.workspace.isTrusted ? settings.get<string>("path") : settings.inspect<string>("path")?.globalValue;
}

async function show(preview: Preview | null, previews: Previews): Promise<void> {
  if (!changes(preview)) {
    void vscode.window.showInformationMessage("dockerslim: nothing to change");
    return;
  }
  const left = vscode.Uri.parse(preview.uri);
  const right = left.with({ scheme: SCHEME, query: previews.keep(preview), fragment: String(preview.version) });
  await vscode.commands.executeCommand("vscode.diff", left, right, "dockerslim: as it is ↔ rewritten");
}

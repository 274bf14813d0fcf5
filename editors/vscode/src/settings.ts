import { isAbsolute, join } from "node:path";

/** What `vscode.workspace.getConfiguration` gives, as far as it is asked here. */
export interface Settings {
  get<T>(key: string): T | undefined;
  inspect<T>(key: string): { globalValue?: T; workspaceValue?: T; workspaceFolderValue?: T } | undefined;
}

/** How the server is started: a command and its arguments. */
export interface Start {
  command: string;
  args: string[];
}

/** The command that starts the server; a relative path is one of the folder that is open. */
export function startOf(path: string | undefined, folder: string | undefined): Start {
  const wanted = path?.trim() || "dockerslim";
  const inside = wanted.includes("/") && !isAbsolute(wanted) && folder !== undefined;
  return { command: inside ? join(folder, wanted) : wanted, args: ["server"] };
}

/**
 * What somebody chose of `keys`. Defaults are left out: a configuration file of the repository counts for more than
 * what an editor sends, and what nobody chose is the server's to know.
 */
export function chosen(settings: Settings, keys: readonly string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of keys) {
    const said = settings.inspect(key);
    const value = said?.workspaceFolderValue ?? said?.workspaceValue ?? said?.globalValue;
    if (value !== undefined && value !== null) {
      found[key] = value;
    }
  }
  return found;
}

/** The keys that the server takes, by the manifest: all but those that are about starting it. */
export function serverKeys(properties: Record<string, unknown>): string[] {
  const own = new Set(["path", "trace.server"]);
  return Object.keys(properties)
    .map((key) => key.replace(/^dockerslim\./, ""))
    .filter((key) => !own.has(key));
}

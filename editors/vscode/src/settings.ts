import { posix, win32 } from "node:path";

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

/** Where the server is started: what variables of a path stand for. */
export interface Place {
  /** The folder that is open. */
  folder: string | undefined;
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
  windows: boolean;
}

/** The command that starts the server; a relative path is one of the folder that is open. */
export function startOf(path: string | undefined, place: Place): Start {
  const { isAbsolute, join } = place.windows ? win32 : posix;
  const wanted = expanded(path?.trim() || "dockerslim", place);
  const several = wanted.includes("/") || (place.windows && wanted.includes("\\"));
  const inside = several && !isAbsolute(wanted) && place.folder !== undefined;
  return { command: inside ? join(place.folder ?? "", wanted) : wanted, args: ["server"] };
}

/** `path` with `~` at its beginning and variables as settings of the editor have them; unknown ones stay. */
function expanded(path: string, place: Place): string {
  const known: Record<string, string | undefined> = {
    workspaceFolder: place.folder,
    workspaceRoot: place.folder,
    userHome: place.home,
  };
  return path
    .replace(/^~(?=[\\/]|$)/, () => place.home)
    .replace(/\$\{(?:env:(\w+)|(\w+))\}/g, (whole, variable?: string, name?: string) =>
      variable !== undefined ? (place.environment[variable] ?? "") : (known[name ?? ""] ?? whole),
    );
}

/** Whether there is a program `command`: in one of the folders of PATH, unless it names a folder itself. */
export function isThere(command: string, place: Place, isFile: (path: string) => boolean): boolean {
  const { join, delimiter, sep } = place.windows ? win32 : posix;
  const endings = place.windows ? ["", ".exe", ".com"] : [""];
  const bare = !command.includes("/") && !command.includes(sep);
  const path = (place.windows ? place.environment.Path : undefined) ?? place.environment.PATH ?? "";
  const folders = bare ? path.split(delimiter).filter((one) => one !== "") : [undefined];
  return folders.some((folder) =>
    endings.some((ending) => isFile((folder === undefined ? command : join(folder, command)) + ending)),
  );
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

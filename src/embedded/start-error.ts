// Errors that prevent a start, as one message for people. The command prints it without a stack and
// exits with 1.

export class StartError extends Error {
  override name = 'StartError';
}

const folderTroubles: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'it is on a read-only file system',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'a file is in its place',
  ENOTDIR: 'a file is in its place',
};

/** Turns a file system error about `folder` into a StartError that names it; any other error comes back as it is. */
export function explainFolderError(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code in folderTroubles ? folderError(folder, folderTroubles[code] ?? code) : error;
}

/**
 * The same for the output of a server that could not write to `folder`. Undefined: the output is about something else.
 */
export function folderErrorFromText(text: string, folder: string): StartError | undefined {
  if (/no space left on device|database or disk is full/i.test(text)) return folderError(folder, 'the disk is full');
  if (/read-only file system|attempt to write a readonly database/i.test(text))
    return folderError(folder, 'it is on a read-only file system');
  return undefined;
}

const folderError = (folder: string, reason: string) =>
  new StartError(`The data folder ${folder} cannot be used: ${reason}. Fix this, or set POSTHORN_DATA_DIR to another folder.`);

// `posthorn types`: TypeScript types of the catalogue's events, for producers and consumers.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { TypeSummary, VersionView } from '#domain/catalogue/event-type';
import { connected, type Session } from '../connection/session.ts';
import { CommandFailed } from '../terminal/exit-codes.ts';
import type { TypedVersion } from '../types/catalogue-types.ts';
import { inPath } from './listing.ts';

interface Given {
  output?: string;
  check?: boolean;
}

export function addTypesCommand(program: Command): void {
  program
    .command('types')
    .description('write TypeScript types of the events in the catalogue')
    .option('-o, --output <file>', 'write this file; default: standard output')
    .option('--check', 'write nothing, and fail if the file is not what would be written; for CI')
    .action(connected(types));
}

async function types(session: Session, { output: file, check = false }: Given): Promise<void> {
  // only this command needs the generator, which takes time to load
  const { catalogueTypes } = await import('../types/catalogue-types.ts');
  const text = await catalogueTypes(await versionsOf(session), session.profile.url, (message) => session.output.note(message));
  if (file === undefined) return session.output.text(text);
  if (!check) {
    writeFileSync(file, text);
    return session.output.note(`wrote ${file}`);
  }
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text)
    throw new CommandFailed(`${file} is not up to date with the catalogue. Run: posthorn types --output ${file}`);
  session.output.note(`${file} is up to date`);
}

async function versionsOf({ api }: Session): Promise<TypedVersion[]> {
  const found: TypedVersion[] = [];
  for await (const { name, description, currentVersion } of api.list<TypeSummary>('/v1/event-types')) {
    const { data } = await api.get<{ data: VersionView[] }>(`/v1/event-types/${inPath(name)}/versions`);
    const versions = data.map(({ version, schema }) => ({
      type: name,
      description,
      version,
      schema,
      isCurrent: version === currentVersion,
    }));
    // a type without a version can have any data
    found.push(...(versions.length > 0 ? versions : [{ type: name, description, version: 1, schema: null, isCurrent: true }]));
  }
  return found.sort((a, b) => (a.type === b.type ? a.version - b.version : a.type < b.type ? -1 : 1));
}

// The plan of `posthorn apply` for people: what is created, changed and deleted, what breaks, and how many endpoints get it.
import type { CataloguePlan, PlanStep } from '#domain/documents/plan-catalogue';

const signs: Record<PlanStep['action'], string> = { create: '+', change: '~', delete: '-', keep: ' ', refuse: '!' };
const words: [action: PlanStep['action'], word: string][] = [
  ['create', 'to create'],
  ['change', 'to change'],
  ['delete', 'to delete'],
  ['refuse', 'refused'],
  ['keep', 'unchanged'],
];

export function planText({ steps, summary }: CataloguePlan): string {
  const lines = steps.filter(({ action }) => action !== 'keep').flatMap(stepLines);
  const counts = words.flatMap(([action, word]) => (summary[action] ? [`${summary[action]} ${word}`] : []));
  return [...lines, `${counts.join(', ') || 'The document has no event types'}.`].join('\n');
}

export const changesOf = ({ summary }: CataloguePlan) => (summary.create ?? 0) + (summary.change ?? 0) + (summary.delete ?? 0);

function stepLines({ eventType, action, fields, versions, converters, endpoints, filters }: PlanStep): string[] {
  const also = filters ? `, ${filters} ${filters === 1 ? 'filter looks' : 'filters look'} at what breaks` : '';
  const touched = endpoints === null ? '' : ` (${endpoints} ${endpoints === 1 ? 'endpoint gets' : 'endpoints get'} it${also})`;
  const settings = action === 'change' && fields.length > 0 ? [`    settings: ${fields.join(', ')}`] : [];
  return [
    `${signs[action]} ${eventType}${touched}`,
    ...settings,
    ...versions.filter((version) => version.action !== 'keep').flatMap(versionLines),
    // a server of an older version does not name them
    ...(converters ?? []).flatMap((one) =>
      one.action === 'keep' ? [] : [`    ${one.action} converter from version ${one.from} to ${one.to}`],
    ),
  ];
}

const verbs = { add: 'add', replace: 'replace', keep: 'keep', refuse: 'refuse' } as const;

function versionLines({ version, action, compatibility, reason }: PlanStep['versions'][number]): string[] {
  const judgement = compatibility === null ? '' : compatibility.compatible ? ', compatible' : ', breaking';
  const changes = (compatibility?.changes ?? []).map(
    ({ path, message, breaks }) => `      ${path} ${message}${breaks.length > 0 ? ` (breaks ${breaks.join(' and ')})` : ''}`,
  );
  return [`    ${verbs[action]} version ${version}${judgement}${reason === undefined ? '' : `: ${reason}`}`, ...changes];
}

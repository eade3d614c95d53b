// Endpoints with what is not delivered to them, the one with most first. A row narrows the page to its endpoint.
import type { UndeliveredEndpoint } from '@posthorn/client';
import { type ReactNode, useState } from 'react';
import { useBoundTo } from '../../api/use.ts';
import { useWords } from '../../words/words.tsx';
import { Button } from '../Button.tsx';
import { toneOf } from '../Status.tsx';
import { Time } from '../Time.tsx';
import { outcomesText } from './outcome-words.ts';
import { de, en } from './texts.ts';
import './endpoint-groups.css';

export interface EndpointGroupsProps {
  groups: readonly UndeliveredEndpoint[];
  /** False: the counts are those of the statistics. */
  isComplete: boolean;
  chosen: string | undefined;
  /** Chooses an endpoint, or all again. */
  linkTo: (endpoint: string | undefined, props: LinkLook) => ReactNode;
  /** What is told beside the count: how the last attempts ended, or the statuses. */
  shows: 'outcomes' | 'statuses';
  actionOf?: (group: UndeliveredEndpoint) => ReactNode;
}

/** What the link of a row must carry, so that the whole row can be clicked. */
export interface LinkLook {
  className: string;
  'aria-current': 'true' | undefined;
  children: ReactNode;
}

const shownAtFirst = 6;
/** A status in the middle of a line. Nouns of German keep their capitals. */
const inSentence = (status: string) => status.charAt(0).toLowerCase() + status.slice(1);
const useGroupWords = () => (useWords().locale === 'de' ? de : en);

export function EndpointGroups(props: EndpointGroupsProps) {
  const { groups, isComplete, chosen, actionOf, ...look } = props;
  const words = useGroupWords();
  const [showsAll, setShowsAll] = useState(false);
  const shown = groups.filter(({ endpoint }, index) => showsAll || index < shownAtFirst || endpoint === chosen);
  return (
    <div className="endpoint-groups">
      <ul aria-label={words.endpoints}>
        {shown.map((group) => (
          <Group key={group.endpoint} group={group} {...look} isChosen={group.endpoint === chosen} action={actionOf?.(group)} />
        ))}
      </ul>
      {groups.length > shown.length && (
        <Button tone="quiet" onPress={() => setShowsAll(true)}>
          {words.showAll(groups.length)}
        </Button>
      )}
      {!isComplete && <p className="quiet">{words.partial}</p>}
    </div>
  );
}

interface GroupProps extends Pick<EndpointGroupsProps, 'linkTo' | 'shows'> {
  group: UndeliveredEndpoint;
  isChosen: boolean;
  action: ReactNode;
}

function Group({ group, linkTo, shows, isChosen, action }: GroupProps) {
  const [words, groupWords] = [useWords(), useGroupWords()];
  const bound = useBoundTo();
  const number = (value: number) => value.toLocaleString(words.locale);
  const { endpoint, url, description, tenant, count, statuses, outcomes, changedAt } = group;
  return (
    <li className={`endpoint-group${isChosen ? ' endpoint-group-chosen' : ''}`}>
      <div className="endpoint-group-name">
        {linkTo(isChosen ? undefined : endpoint, {
          className: 'row-link',
          'aria-current': isChosen ? 'true' : undefined,
          children: url ?? groupWords.deleted(endpoint),
        })}
        <span className="quiet">{[bound === null ? tenant : '', description].filter(Boolean).join(' · ')}</span>
      </div>
      <div className="endpoint-group-counts">
        <strong>{number(count)}</strong>
        {shows === 'statuses' ? (
          <span className="quiet">
            {statuses
              .map(({ status, count }) => `${inSentence(words.status[status])}${statuses.length > 1 ? ` ${number(count)}` : ''}`)
              .join(' · ')}
          </span>
        ) : (
          <span className={`tag-${toneOf.dead_lettered}`}>{outcomesText(outcomes)}</span>
        )}
        {changedAt && (
          <span className="quiet">
            <Time at={changedAt} />
          </span>
        )}
      </div>
      {action}
    </li>
  );
}

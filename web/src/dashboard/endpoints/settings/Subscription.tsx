// Which events the endpoint gets.
import type { ReactNode } from 'react';
import { Time } from '../../../parts/Time.tsx';
import { count } from '../../../words/format.ts';
import { TypeNames } from '../TypeNames.tsx';
import { FilterField } from './FilterField.tsx';
import { Area, useSettingsForm } from './form.tsx';
import { Group, Setting } from './Setting.tsx';

export function Subscription() {
  return (
    <Group
      title="Events"
      about="Which events it gets, from the moment of the change on. Events that were accepted before are not looked at again."
    >
      <Sample />
      <Setting of="eventTypes">
        <TypeNames>
          {(list: ReactNode) => (
            <Area
              name="eventTypes"
              of="eventTypes"
              label="Event types"
              hint={<>One in each line: exact, or a prefix such as order.*. Empty: all.{list}</>}
            />
          )}
        </TypeNames>
      </Setting>
      <Setting of="channels">
        <Area
          name="channels"
          of="channels"
          rows={2}
          label="Channels"
          hint="One in each line. Only events with at least one of them. Empty: all events."
        />
      </Setting>
      <Setting of="filter">
        <FilterField />
      </Setting>
    </Group>
  );
}

/** How many of the latest events it would get. */
function Sample() {
  const { sample } = useSettingsForm();
  if (!sample || sample.events === 0) return null;
  const { events, since, before, after } = sample;
  return (
    <p className={after === 0 ? 'setting-effect caution' : 'setting-effect'} role="status">
      Of the last {count(events, 'en')} events of its tenant
      {since && (
        <>
          {' '}
          (the oldest from <Time at={since} isDate />)
        </>
      )}{' '}
      it would get <strong>{count(after, 'en')}</strong>; as it is, {count(before, 'en')}.
    </p>
  );
}

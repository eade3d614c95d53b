// Which version of each event type the endpoint gets, chosen from the catalogue.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { posthorn } from '../../../../api/client.ts';
import { Button } from '../../../../parts/Button.tsx';
import { Select } from '../../../../parts/Field.tsx';
import { useTypeSummaries } from '../../TypeNames.tsx';
import { AsJson } from '../AsJson.tsx';
import { useSettingsForm } from '../form.tsx';
import { jsonText } from '../texts.ts';
import { useTypeChoice } from '../use-types.ts';

type Pins = Record<string, number>;

export function VersionsField() {
  const { draft, set } = useSettingsForm();
  const pins = useMemo(() => pinsIn(draft.versions), [draft.versions]);
  return (
    <AsJson
      name="versions"
      label="Pinned versions"
      what="the pinned versions"
      rows={3}
      placeholder={'{ "order.created": 1 }'}
      hint="Event types and their versions. Empty: none."
    >
      {pins && <PinList pins={pins} onChange={(next) => set('versions', Object.keys(next).length === 0 ? '' : jsonText(next))} />}
    </AsJson>
  );
}

/** Null: the fields cannot show it. */
function pinsIn(text: string): Pins | null {
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
    const isShown =
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((one) => Number.isInteger(one));
    return isShown ? (value as Pins) : null;
  } catch {
    return null;
  }
}

function PinList({ pins, onChange }: { pins: Pins; onChange: (pins: Pins) => void }) {
  const { draft } = useSettingsForm();
  const summaries = useTypeSummaries();
  const currentOf = (type: string) => summaries.find(({ name }) => name === type)?.currentVersion ?? 1;
  const others = useTypeChoice(draft.eventTypes).filter((name) => !Object.hasOwn(pins, name));
  const without = (type: string) => Object.fromEntries(Object.entries(pins).filter(([name]) => name !== type));
  return (
    <>
      <p className="field-hint">Events of other versions are converted to these. Without a pin, an event is sent in its own version.</p>
      {Object.entries(pins).map(([type, version]) => (
        <Pin
          key={type}
          type={type}
          version={version}
          onChange={(next) => onChange({ ...pins, [type]: next })}
          onRemove={() => onChange(without(type))}
        />
      ))}
      {others.length > 0 && (
        <Select label="Pin a type" value="" onChange={({ target }) => onChange({ ...pins, [target.value]: currentOf(target.value) })}>
          <option value="">choose an event type</option>
          {others.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      {others.length === 0 && Object.keys(pins).length === 0 && (
        <p className="field-hint">The catalogue has no event type that this endpoint gets.</p>
      )}
    </>
  );
}

interface PinProps {
  type: string;
  version: number;
  onChange: (version: number) => void;
  onRemove: () => void;
}

function Pin({ type, version, onChange, onRemove }: PinProps) {
  const { data } = useQuery({
    queryKey: ['event-types', 'versions', type],
    queryFn: ({ signal }) => posthorn.eventTypes.versions(type, { signal }),
    staleTime: 60_000,
  });
  const known = data?.data.map((one) => one.version) ?? [];
  // one that is not in the catalogue any more stays as it is
  const shown = known.includes(version) ? known : [version, ...known];
  return (
    <div className="field-with-button">
      <Select label={type} value={String(version)} onChange={({ target }) => onChange(Number(target.value))}>
        {shown.map((one, index) => (
          <option key={one} value={one}>
            Version {one}
            {known.length > 0 && index === 0 && known.includes(one) && ' (current)'}
          </option>
        ))}
      </Select>
      <Button tone="quiet" aria-label={`Remove the pin of ${type}`} onPress={onRemove}>
        ✕
      </Button>
    </div>
  );
}

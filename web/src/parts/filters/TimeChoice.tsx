// Chooses a span of time: before now, or between two times.
import { type FormEvent, useState } from 'react';
import { Button } from '../Button.tsx';
import { Select, TextField } from '../Field.tsx';
import { isoOf, localText, spans, spanTexts, type TimeSpan, type Within } from './time-span.ts';

export interface TimeChoiceProps {
  span: TimeSpan;
  onChange: (span: TimeSpan) => void;
}

const custom = 'custom';

export function TimeChoice({ span, onChange }: TimeChoiceProps) {
  const isGiven = span.since !== undefined || span.until !== undefined;
  const [isCustom, setIsCustom] = useState(isGiven);
  const choose = (value: string) => {
    setIsCustom(value === custom);
    if (value !== custom) onChange(value === '' ? {} : { within: value as Within });
  };
  const showsCustom = isGiven || isCustom;
  return (
    <>
      <Select label="Accepted" value={showsCustom ? custom : (span.within ?? '')} onChange={({ target }) => choose(target.value)}>
        <option value="">at any time</option>
        {spans.map((one) => (
          <option key={one} value={one}>
            {spanTexts[one]}
          </option>
        ))}
        <option value={custom}>between…</option>
      </Select>
      {showsCustom && <Between key={`${span.since} ${span.until}`} span={span} onChange={onChange} />}
    </>
  );
}

function Between({ span: { since, until }, onChange }: TimeChoiceProps) {
  const [problem, setProblem] = useState<string>();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [from, to] = [isoOf(String(form.get('since') ?? '')), isoOf(String(form.get('until') ?? ''))];
    if (from && to && from >= to) return setProblem('must be later than the beginning');
    onChange({ ...(from && { since: from }), ...(to && { until: to }) });
  };
  return (
    <form className="filters-between" onSubmit={submit}>
      <TextField label="From" name="since" type="datetime-local" defaultValue={localText(since)} />
      <TextField label="To" name="until" type="datetime-local" defaultValue={localText(until)} problem={problem} />
      <Button type="submit">Show</Button>
    </form>
  );
}

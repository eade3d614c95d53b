// Chooses a span of time: before now, or between two times.
import { type FormEvent, useState } from 'react';
import { useWords } from '../../words/words.tsx';
import { Button } from '../Button.tsx';
import { Select, TextField } from '../Field.tsx';
import { de, en } from './texts.ts';
import { isoOf, localText, spans, type TimeSpan, type Within } from './time-span.ts';

export interface TimeChoiceProps {
  span: TimeSpan;
  onChange: (span: TimeSpan) => void;
}

const custom = 'custom';

const useTimeWords = () => (useWords().locale === 'de' ? de : en);

export function TimeChoice({ span, onChange }: TimeChoiceProps) {
  const words = useTimeWords();
  const isGiven = span.since !== undefined || span.until !== undefined;
  const [isCustom, setIsCustom] = useState(isGiven);
  const choose = (value: string) => {
    setIsCustom(value === custom);
    if (value !== custom) onChange(value === '' ? {} : { within: value as Within });
  };
  const showsCustom = isGiven || isCustom;
  return (
    <>
      <Select label={words.accepted} value={showsCustom ? custom : (span.within ?? '')} onChange={({ target }) => choose(target.value)}>
        <option value="">{words.anyTime}</option>
        {spans.map((one) => (
          <option key={one} value={one}>
            {words.within[one]}
          </option>
        ))}
        <option value={custom}>{words.between}</option>
      </Select>
      {showsCustom && <Between key={`${span.since} ${span.until}`} span={span} onChange={onChange} />}
    </>
  );
}

function Between({ span: { since, until }, onChange }: TimeChoiceProps) {
  const words = useTimeWords();
  const [problem, setProblem] = useState<string>();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [from, to] = [isoOf(String(form.get('since') ?? '')), isoOf(String(form.get('until') ?? ''))];
    if (from && to && from >= to) return setProblem(words.notLater);
    onChange({ ...(from && { since: from }), ...(to && { until: to }) });
  };
  return (
    <form className="filters-between" onSubmit={submit}>
      <TextField label={words.from} name="since" type="datetime-local" defaultValue={localText(since)} />
      <TextField label={words.to} name="until" type="datetime-local" defaultValue={localText(until)} problem={problem} />
      <Button type="submit">{words.show}</Button>
    </form>
  );
}

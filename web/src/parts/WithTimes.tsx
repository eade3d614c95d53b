// A sentence of the API with its times in the zone of the user. The exact time is shown on hover.
import { exactTime, regional } from '../words/format.ts';
import { useWords } from '../words/words.tsx';
import { Prose } from './Prose.tsx';

const instant = /(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)/;

export function WithTimes({ text }: { text: string }) {
  // every second part is a time
  return (
    <span>
      {text.split(instant).map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name
        <Part key={index} text={part} isTime={index % 2 === 1} />
      ))}
    </span>
  );
}

function Part({ text, isTime }: { text: string; isTime: boolean }) {
  const { locale } = useWords();
  const at = new Date(text);
  if (!isTime || Number.isNaN(at.getTime())) return <Prose text={text} />;
  return (
    <time dateTime={text} title={`${exactTime(at, locale)}\n${text}`}>
      {at.toLocaleString(regional(locale), { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' })}
    </time>
  );
}

// A time in a row. Where columns have no heads, it says of what.
import { Time } from '../../parts/Time.tsx';
import './access.css';

/** `never`: what is said if there is no such time. @example <When of="expires" at={expiresAt} never="never" /> */
export function When({ of, at, never = 'never' }: { of: string; at: string | null; never?: string }) {
  return (
    <>
      <span className="access-narrow">{of} </span>
      {at === null ? never : <Time at={at} />}
    </>
  );
}

// A time in a row, or that there is none.
import { Time } from '../../parts/Time.tsx';

/** `never`: what is said if there is no such time. */
export function When({ at, never = 'never' }: { at: string | null; never?: string }) {
  return at === null ? never : <Time at={at} />;
}

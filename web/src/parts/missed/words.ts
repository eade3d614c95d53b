// What the list of missed events is told in: each door has words of its own.

export interface MissedWords {
  title: string;
  type: string;
  event: string;
  status: string;
  accepted: string;
  noneTitle: string;
  none: string;
  /** The button that asks. `isAll`: no further event is missed. */
  acknowledge: (count: number, isAll: boolean) => string;
  confirmTitle: string;
  effect: (count: number) => string;
  /** The button that does it. */
  confirm: (count: number, isAll: boolean) => string;
  done: (count: number) => string;
}

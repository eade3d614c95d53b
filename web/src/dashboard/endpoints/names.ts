// How endpoints are named on the pages.

/** Nearly all have the same scheme, so it says nothing. */
export const withoutScheme = (url: string) => url.replace(/^https:\/\//, '');

/** Why a button cannot be pressed. */
export const needsOperator = (may: boolean) => (may ? undefined : 'needs the role operator');

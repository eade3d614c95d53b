// How endpoints are named on the pages.

/** Nearly all have the same scheme, so it says nothing. */
export const withoutScheme = (url: string) => url.replace(/^https:\/\//, '');

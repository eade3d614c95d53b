// What people know an endpoint by.

/** The URL without its scheme. It is shown as text, and never as a link. @example nameOfUrl('https://a.example/b') // "a.example/b" */
export const nameOfUrl = (url: string): string => url.replace(/^https?:\/\//, '').replace(/\/$/, '');

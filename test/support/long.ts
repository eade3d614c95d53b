/** TEST_LONG=1, for a nightly run: tests that are usually scaled down run with the numbers of production. */
export const isLong = process.env.TEST_LONG === '1';

// @posthorn/portal is linked from this repository, which has a React of its own: with two of them no hook works.
// biome-ignore lint/style/noDefaultExport: Vite reads it
export default { resolve: { dedupe: ['react', 'react-dom'] } };

// The root of all pages of the portal: routes name it as their parent.
import { createRootRoute } from '@tanstack/react-router';
import { Shell } from './shell/Shell.tsx';

export const root = createRootRoute({ component: Shell });

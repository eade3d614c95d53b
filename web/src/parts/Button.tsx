// A button that does something. Links are for going somewhere.
import { type ReactNode, Suspense } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components/Button';
import { lazyPart } from './lazy-page.ts';
import './button.css';

export interface ButtonProps extends Omit<AriaButtonProps, 'children' | 'className' | 'isDisabled' | 'isPending'> {
  /** `primary`: at most one on a page. `danger`: what cannot be undone. `quiet`: without an edge. */
  tone?: 'plain' | 'primary' | 'danger' | 'quiet';
  /** Why it cannot be pressed now, such as "needs the role operator". It stays focusable, and says so. */
  because?: string | undefined;
  /** What it ordered is on its way. It keeps its place and its focus, and cannot be pressed twice. */
  isPending?: boolean;
  children: ReactNode;
}

/** The reason on hover and focus is read when the first button has one. */
const Reason = lazyPart(
  () => import('./Reason.tsx').then((module) => module.Reason),
  ({ children }) => children,
);

export function Button({ tone = 'plain', because, isPending = false, children, onPress, ...props }: ButtonProps) {
  const className = `button button-${tone}`;
  if (because === undefined && !isPending) {
    return (
      <AriaButton {...props} {...(onPress && { onPress })} className={className}>
        {children}
      </AriaButton>
    );
  }
  // Not the library's own `isPending`: its announcement refers to elements that are gone when it is read.
  const off = (
    <AriaButton
      {...props}
      type="button"
      aria-disabled
      className={`${className} ${because === undefined ? 'button-pending' : 'button-off'}`}
    >
      {children}
      {because !== undefined && <span className="visually-hidden"> ({because})</span>}
    </AriaButton>
  );
  if (because === undefined) return off;
  return (
    <Suspense fallback={off}>
      <Reason text={because}>{off}</Reason>
    </Suspense>
  );
}

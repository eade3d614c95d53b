// A button that does something. Links are for going somewhere.
import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components/Button';
import { Tooltip, TooltipTrigger } from 'react-aria-components/Tooltip';
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

export function Button({ tone = 'plain', because, isPending = false, children, onPress, ...props }: ButtonProps) {
  const className = `button button-${tone}${because === undefined ? '' : ' button-off'}`;
  if (isPending) {
    // not the library's own: its announcement refers to elements that are gone when it is read
    return (
      <AriaButton {...props} type="button" aria-disabled className={`${className} button-pending`}>
        {children}
      </AriaButton>
    );
  }
  if (because === undefined) {
    return (
      <AriaButton {...props} {...(onPress && { onPress })} className={className}>
        {children}
      </AriaButton>
    );
  }
  return (
    <TooltipTrigger delay={300}>
      <AriaButton {...props} type="button" aria-disabled className={className}>
        {children}
        <span className="visually-hidden"> ({because})</span>
      </AriaButton>
      <Tooltip className="tooltip" offset={6}>
        {because}
      </Tooltip>
    </TooltipTrigger>
  );
}

// A link to a page of another area, by its address: an area does not import the routes of others.
import { Link } from '@tanstack/react-router';
import type { MouseEvent, ReactNode } from 'react';

export interface PathLinkProps {
  /** Below the door. @example `/endpoints/${id}` */
  to: string;
  search?: Record<string, string | string[]>;
  className?: string;
  onClick?: (event: MouseEvent) => void;
  children: ReactNode;
}

export function PathLink({ to, search = {}, className, onClick, children }: PathLinkProps) {
  return (
    <Link to={to} search={search} {...(className && { className })} {...(onClick && { onClick })}>
      {children}
    </Link>
  );
}

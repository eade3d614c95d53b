// Signs out: ends the session on the server, and forgets its token and what was read with it.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { credential } from '../../api/credential.ts';
import { endSession } from '../../api/sign-in.ts';

export function useSignOut(): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    endSession(credential.token());
    credential.signOut();
    queries.clear();
  }, [queries]);
}

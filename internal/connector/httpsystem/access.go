package httpsystem

import (
	"context"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

var _ connector.Access = (*System)(nil)

// ReadAccess reads the account with the declared operation "read"; the words
// of state.ended mean that it is closed. An account that the system does not
// know is closed.
func (s *System) ReadAccess(ctx context.Context, account string) (connector.AccessState, error) {
	st, err := s.ReadSubscription(ctx, account)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return connector.AccessState{Answer: st.Answer}, nil
	}
	return connector.AccessState{Found: st.Found, Open: err == nil && !st.Ended, Status: st.Status, Answer: st.Answer}, err
}

// RevokeAccess closes the account, once, with the declared operation "cancel".
func (s *System) RevokeAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	return s.CancelSubscription(ctx, connector.CancelInput{Reference: in.Account, Key: in.Key})
}

// RestoreAccess opens it again with the declared operation "resume".
func (s *System) RestoreAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	return s.ResumeSubscription(ctx, connector.ResumeInput{Reference: in.Account, Key: in.Key})
}

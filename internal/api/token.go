package api

import (
	"errors"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/wire"
)

// credential is a parameter of the calls that give tokens.
func credential(name, doc string) wire.Param {
	return wire.Param{Name: name, Kind: wire.String, Max: 256, Doc: doc}
}

// terms are what a token call asks for beside a secret; needs may be empty.
func terms(c *wire.Call, needs rollcall.Permission) access.Terms {
	return access.Terms{From: c.Peer(), Needs: needs}
}

// refusedToken gives a refusal what its text tells.
func refusedToken(c *wire.Call, err error) error {
	var told *rollcall.Error
	if errors.Is(err, access.ErrAddress) && errors.As(err, &told) {
		return &rollcall.Error{Kind: rollcall.KindDenied, Param: c.From(told.Param), Err: access.ErrAddress}
	}
	return err
}

// GET or POST /gettoken (contract 3.1)
func (s *Server) gettoken() *wire.Endpoint {
	const appkey, appsecret, corpID, corpSecret = 0, 1, 2, 3
	return &wire.Endpoint{
		Path: "/gettoken", Family: wire.Classic, Methods: []string{"GET", "POST"}, Public: true,
		Summary: "Get the access_token of an app",
		Params: []wire.Param{
			appkey:     credential("appkey", "The key of the app."),
			appsecret:  credential("appsecret", "The secret of the app."),
			corpID:     credential("corpid", "The older name: the id of the organization, or the key of the app."),
			corpSecret: credential("corpsecret", "The older name of appsecret."),
		},
		Unparsable: wire.FaultInvalidParameter,
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindMissing, Fault: wire.FaultMissingParam},
			{Kind: rollcall.KindDenied, Param: "appkey", Fault: wire.FaultWrongSecret},
			{Kind: rollcall.KindDenied, Param: "corpid", Fault: wire.FaultWrongCorpSecret},
			{Is: access.ErrAddress, Fault: wire.FaultAddress},
		},
		Result: tokenResult("access_token", "The token: the same one as long as it lives."),
		Chosen: []string{
			"POST is taken too, as a form or JSON",
			"a deleted app's token, and one of a secret that was replaced, die at once",
			"third-party apps get a token here too",
		},
		Serve: func(c *wire.Call) error {
			token, expires, err := s.Access.Token(c.Context(), access.Credentials{
				Appkey: c.Text(appkey), Appsecret: c.Text(appsecret),
				CorpID: c.Text(corpID), CorpSecret: c.Text(corpSecret), Terms: terms(c, ""),
			})
			switch {
			case errors.Is(err, access.ErrNoCredentials):
				return &rollcall.Error{Kind: rollcall.KindMissing, Param: "corpid or appkey"}
			case errors.Is(err, access.ErrWrongSecret):
				return &rollcall.Error{Kind: rollcall.KindDenied, Param: "appkey"}
			case errors.Is(err, access.ErrWrongCorpSecret):
				return &rollcall.Error{Kind: rollcall.KindDenied, Param: "corpid"}
			case err != nil:
				return refusedToken(c, err)
			}
			c.Result().Raw(`{"errcode":0,"access_token":`).String(token).
				Raw(`,"errmsg":"ok","expires_in":`).Int(int64(expires)).Raw("}")
			return nil
		},
	}
}

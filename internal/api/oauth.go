package api

import (
	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/wire"
)

// oauth is an endpoint of the newer host (contract 3.4).
func oauth(name, summary string, params []wire.Param, result wire.Schema, faults []wire.FaultRow, serve func(*wire.Call) error) *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/v1.0/oauth2/" + name, Family: wire.OAuth, Methods: []string{"POST"}, Public: true,
		Summary: summary, Params: params, Result: result, Unparsable: wire.FaultInvalidBody,
		Faults: append(faults, wire.FaultRow{Is: access.ErrAddress, Fault: wire.FaultAddressDenied}),
		Serve: func(c *wire.Call) error {
			if err := serve(c); err != nil {
				return refusedToken(c, err)
			}
			return nil
		},
	}
}

// needed is a credential that must be given.
func needed(name, doc string) wire.Param {
	p := credential(name, doc)
	p.Required = true
	return p
}

// oauthResult is what [answerOAuth] answers.
func oauthResult() wire.Schema {
	return wire.Object(
		wire.Prop("accessToken", wire.Text.Like(`"e89b34b7bf66094d507217ca8a54239a7b321905"`), "The token."),
		wire.Prop("expireIn", wire.Integer.Like("7200"), "For how many seconds it is good from now on."),
	)
}

// answerOAuth is the success of most of these endpoints.
func answerOAuth(c *wire.Call, token string, expires int, err error) error {
	if err == nil {
		c.Result().Raw(`{"accessToken":`).String(token).Raw(`,"expireIn":`).Int(int64(expires)).Raw("}")
	}
	return err
}

// POST /v1.0/oauth2/accessToken (contract 3.4)
func (s *Server) oauthAccessToken() *wire.Endpoint {
	const appKey, appSecret = 0, 1
	return oauth("accessToken", "Get the accessToken of an app", []wire.Param{
		appKey:    needed("appKey", "The key of the app."),
		appSecret: needed("appSecret", "The secret of the app."),
	}, oauthResult(), []wire.FaultRow{
		{Is: access.ErrWrongSecret, Fault: wire.FaultWrongClientID},
		{Is: access.ErrPermission, Fault: wire.FaultScopeMissing},
	}, func(c *wire.Call) error {
		token, expires, err := s.Access.Token(c.Context(), access.Credentials{
			Appkey: c.Text(appKey), Appsecret: c.Text(appSecret), Terms: terms(c, rollcall.PermBase),
		})
		return answerOAuth(c, token, expires, err)
	})
}

// suiteParams are the parameters of a third-party app, and suiteOf reads them.
func suiteParams() []wire.Param {
	return []wire.Param{
		needed("suiteKey", "The key of the app."),
		needed("suiteSecret", "The secret of the app."),
		needed("suiteTicket", "The suite ticket of the app."),
	}
}

func suiteOf(c *wire.Call, needs rollcall.Permission) access.Suite {
	return access.Suite{Key: c.Text(0), Secret: c.Text(1), Ticket: c.Text(2), Terms: terms(c, needs)}
}

// POST /v1.0/oauth2/corpAccessToken (contract 3.4)
func (s *Server) oauthCorpAccessToken() *wire.Endpoint {
	params := append(suiteParams(), needed("authCorpId", "The id of the organization that authorized the app."))
	return oauth("corpAccessToken", "Get an accessToken of a third-party app for the organization that authorized it", params, oauthResult(), []wire.FaultRow{
		{Is: access.ErrWrongSecret, Fault: wire.FaultInvalidSuiteKey},
		{Is: access.ErrWrongTicket, Fault: wire.FaultInvalidSuiteTicket},
		{Is: access.ErrNotAuthorized, Fault: wire.FaultInvalidAuthInfo},
		{Is: access.ErrPermission, Fault: wire.FaultScopeMissing},
	}, func(c *wire.Call) error {
		token, expires, err := s.Access.CorpToken(c.Context(), suiteOf(c, rollcall.PermISVBase), c.Text(3))
		return answerOAuth(c, token, expires, err)
	})
}

// POST /v1.0/oauth2/suiteAccessToken (contract 3.4)
func (s *Server) oauthSuiteAccessToken() *wire.Endpoint {
	return oauth("suiteAccessToken", "Get the accessToken of a third-party app itself", suiteParams(), oauthResult(), []wire.FaultRow{
		{Is: access.ErrWrongSecret, Fault: wire.FaultWrongClientID},
		{Is: access.ErrWrongTicket, Fault: wire.FaultInvalidSuiteTicket},
	}, func(c *wire.Call) error {
		token, expires, err := s.Access.SuiteToken(c.Context(), suiteOf(c, ""))
		return answerOAuth(c, token, expires, err)
	})
}

// POST /v1.0/oauth2/{corpId}/token (contract 3.4)
func (s *Server) oauthToken() *wire.Endpoint {
	const corpID, clientID, clientSecret, grantType = 0, 1, 2, 3
	return oauth("{corpId}/token", "Get the access_token of an app of an organization", []wire.Param{
		corpID:       credential("corpId", "The id of the organization."),
		clientID:     needed("client_id", "The key of the app."),
		clientSecret: needed("client_secret", "The secret of the app."),
		grantType: {
			Name: "grant_type", Kind: wire.Enum, Required: true, Enum: []string{"client_credentials"}, Malformed: wire.FaultGrantType,
			Doc: "How the app proves itself.",
		},
	}, tokenResult("access_token", "The token."), []wire.FaultRow{
		{Is: rollcall.ErrNoCorp, Fault: wire.FaultUnknownCorp},
		{Is: access.ErrWrongSecret, Fault: wire.FaultInvalidClient},
		{Is: access.ErrNotAuthorized, Fault: wire.FaultUnauthorizedClient},
	}, func(c *wire.Call) error {
		token, expires, err := s.Access.TokenFor(c.Context(), c.Text(corpID), access.Credentials{
			Appkey: c.Text(clientID), Appsecret: c.Text(clientSecret), Terms: terms(c, ""),
		})
		if err == nil {
			c.Result().Raw(`{"access_token":`).String(token).Raw(`,"expires_in":`).Int(int64(expires)).Raw("}")
		}
		return err
	})
}

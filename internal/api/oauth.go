package api

import (
	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/wire"
)

// oauth completes a row of the newer host (contract 3.4), whose path is given
// without its beginning.
func oauth(ep wire.Endpoint) *wire.Endpoint {
	ep.Path = "/v1.0/oauth2/" + ep.Path
	ep.Family, ep.Methods, ep.Public, ep.Unparsable = wire.OAuth, []string{"POST"}, true, wire.FaultInvalidBody
	ep.Faults = append(ep.Faults, wire.FaultRow{Is: access.ErrAddress, Fault: wire.FaultAddressDenied})
	serve := ep.Serve
	ep.Serve = func(c *wire.Call) error {
		if err := serve(c); err != nil {
			return refusedToken(c, err)
		}
		return nil
	}
	return &ep
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
	return oauth(wire.Endpoint{
		Path: "accessToken", Summary: "Get the accessToken of an app",
		Params: []wire.Param{
			appKey:    needed("appKey", "The key of the app."),
			appSecret: needed("appSecret", "The secret of the app."),
		},
		Faults: []wire.FaultRow{
			{Is: access.ErrWrongSecret, Fault: wire.FaultWrongClientID},
			{Is: access.ErrPermission, Fault: wire.FaultScopeMissing},
		},
		Result: oauthResult(),
		Chosen: []string{
			"the app must hold qyapi_base",
			"a parameter that is missing is Missing<name>, one that is malformed Invalid<name>; another method is 404",
		},
		Serve: func(c *wire.Call) error {
			token, expires, err := s.Access.Token(c.Context(), access.Credentials{
				Appkey: c.Text(appKey), Appsecret: c.Text(appSecret), Terms: terms(c, rollcall.PermBase),
			})
			return answerOAuth(c, token, expires, err)
		},
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
	return oauth(wire.Endpoint{
		Path: "corpAccessToken", Summary: "Get an accessToken of a third-party app for the organization that authorized it",
		Params: append(suiteParams(), needed("authCorpId", "The id of the organization that authorized the app.")),
		Faults: []wire.FaultRow{
			{Is: access.ErrWrongSecret, Fault: wire.FaultInvalidSuiteKey},
			{Is: access.ErrWrongTicket, Fault: wire.FaultInvalidSuiteTicket},
			{Is: access.ErrNotAuthorized, Fault: wire.FaultInvalidAuthInfo},
			{Is: access.ErrPermission, Fault: wire.FaultScopeMissing},
		},
		Result: oauthResult(),
		Chosen: []string{
			"a wrong secret is invalidSuiteKey, as a wrong key is",
			"the app must hold isvapi_base",
			"of one app 100 tokens are good at a time",
		},
		Serve: func(c *wire.Call) error {
			token, expires, err := s.Access.CorpToken(c.Context(), suiteOf(c, rollcall.PermISVBase), c.Text(3))
			return answerOAuth(c, token, expires, err)
		},
	})
}

// POST /v1.0/oauth2/suiteAccessToken (contract 3.4)
func (s *Server) oauthSuiteAccessToken() *wire.Endpoint {
	return oauth(wire.Endpoint{
		Path: "suiteAccessToken", Summary: "Get the accessToken of a third-party app itself",
		Params: suiteParams(),
		Faults: []wire.FaultRow{
			{Is: access.ErrWrongSecret, Fault: wire.FaultWrongClientID},
			{Is: access.ErrWrongTicket, Fault: wire.FaultInvalidSuiteTicket},
		},
		Result: oauthResult(),
		Chosen: []string{"the token is the same as long as it lives, and opens nothing"},
		Serve: func(c *wire.Call) error {
			token, expires, err := s.Access.SuiteToken(c.Context(), suiteOf(c, ""))
			return answerOAuth(c, token, expires, err)
		},
	})
}

// POST /v1.0/oauth2/{corpId}/token (contract 3.4)
func (s *Server) oauthToken() *wire.Endpoint {
	const corpID, clientID, clientSecret, grantType = 0, 1, 2, 3
	return oauth(wire.Endpoint{
		Path: "{corpId}/token", Summary: "Get the access_token of an app of an organization",
		Params: []wire.Param{
			corpID:       credential("corpId", "The id of the organization."),
			clientID:     needed("client_id", "The key of the app."),
			clientSecret: needed("client_secret", "The secret of the app."),
			grantType: {
				Name: "grant_type", Kind: wire.Enum, Required: true, Enum: []string{"client_credentials"}, Malformed: wire.FaultGrantType,
				Doc: "How the app proves itself.",
			},
		},
		Faults: []wire.FaultRow{
			{Is: rollcall.ErrNoCorp, Fault: wire.FaultUnknownCorp},
			{Is: access.ErrWrongSecret, Fault: wire.FaultInvalidClient},
			{Is: access.ErrNotAuthorized, Fault: wire.FaultUnauthorizedClient},
		},
		Result: tokenResult("access_token", "The token: the same one as that of accessToken."),
		Chosen: []string{
			"both types of apps get the token that accessToken gives",
			"unauthorized.client is an app of another organization",
		},
		Serve: func(c *wire.Call) error {
			token, expires, err := s.Access.TokenFor(c.Context(), c.Text(corpID), access.Credentials{
				Appkey: c.Text(clientID), Appsecret: c.Text(clientSecret), Terms: terms(c, ""),
			})
			if err == nil {
				c.Result().Raw(`{"access_token":`).String(token).Raw(`,"expires_in":`).Int(int64(expires)).Raw("}")
			}
			return err
		},
	})
}

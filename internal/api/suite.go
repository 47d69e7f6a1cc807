package api

import (
	"rollcall/internal/access"
	"rollcall/internal/wire"
)

// POST /service/get_corp_token (contract 3.2)
func (s *Server) getCorpToken() *wire.Endpoint {
	const accessKey, timestamp, suiteTicket, signature, authCorpID = 0, 1, 2, 3, 4
	signed := func(name string, required bool, malformed wire.Fault, doc string) wire.Param {
		p := credential(name, doc)
		p.Required, p.Malformed = required, malformed
		return p
	}
	corp := credential("auth_corpid", "The id of the organization that authorized the app.")
	corp.Required, corp.Missing = true, wire.FaultNoAuthCorp
	return &wire.Endpoint{
		Path: "/service/get_corp_token", Family: wire.Classic, Methods: []string{"POST"}, Public: true,
		Summary: "Get an access_token of a third-party app for the organization that authorized it",
		Params: []wire.Param{
			accessKey:   signed("accessKey", true, wire.FaultAccessKey, "The key of the app."),
			timestamp:   signed("timestamp", true, wire.FaultTimestamp, "The current time in milliseconds since 1970."),
			suiteTicket: signed("suiteTicket", false, wire.FaultSignedTicket, "The suite ticket of the app."),
			signature: signed("signature", true, wire.FaultSignature,
				"The Base64 of the HMAC-SHA256, by the secret of the app, of the timestamp, a line feed and the suite ticket."),
			authCorpID: corp,
		},
		Unparsable: wire.FaultInvalidParameter,
		Result:     tokenResult("access_token", "The token: a new one with each call."),
		Faults: []wire.FaultRow{
			{Is: access.ErrTimestamp, Fault: wire.FaultTimestamp},
			{Is: access.ErrSkew, Fault: wire.FaultSkew},
			{Is: access.ErrUnknownSuite, Fault: wire.FaultAccessKey},
			{Is: access.ErrWrongSignature, Fault: wire.FaultSignature},
			{Is: access.ErrWrongTicket, Fault: wire.FaultSignedTicket},
			{Is: access.ErrNotAuthorized, Fault: wire.FaultNotAuthorized},
			{Is: access.ErrAddress, Fault: wire.FaultAddress},
		},
		Chosen: []string{
			"the suite ticket is that of rollcall app ticket, until there is another one; an app for which any ticket is good may send none, and signs the time alone then",
			"the checks come in the order of their codes, then the organization, then the address",
			"of one app 100 tokens are good at a time",
			"the older form, with suite_access_token and permanent_code, is not there",
		},
		Serve: func(c *wire.Call) error {
			token, expires, err := s.Access.SignedCorpToken(c.Context(), access.Signed{
				Key: c.Text(accessKey), Timestamp: c.Text(timestamp), Ticket: c.Text(suiteTicket), Signature: c.Text(signature),
				Terms: terms(c, ""),
			}, c.Text(authCorpID))
			if err != nil {
				return refusedToken(c, err)
			}
			c.Result().Raw(`{"access_token":`).String(token).Raw(`,"errcode":0,"errmsg":"ok","expires_in":`).Int(int64(expires)).Raw("}")
			return nil
		},
	}
}

// POST /service/get_suite_token (contract 3.3)
func (s *Server) getSuiteToken() *wire.Endpoint {
	const key, secret, ticket = 0, 1, 2
	param := func(name string, missing wire.Fault, doc string) wire.Param {
		p := credential(name, doc)
		p.Required, p.Missing = true, missing
		return p
	}
	return &wire.Endpoint{
		Path: "/service/get_suite_token", Family: wire.Classic, Methods: []string{"POST"}, Public: true,
		Summary: "Get the suite_access_token of a third-party app",
		Params: []wire.Param{
			key:    param("suite_key", wire.FaultNoSuiteKey, "The key of the app."),
			secret: param("suite_secret", wire.FaultNoSuiteSecret, "The secret of the app."),
			ticket: param("suite_ticket", wire.FaultNoSuiteTicket, "The suite ticket of the app."),
		},
		Unparsable: wire.FaultInvalidParameter,
		Result:     tokenResult("suite_access_token", "The token of the app itself; it opens no call about people."),
		Faults: []wire.FaultRow{
			{Is: access.ErrWrongSecret, Fault: wire.FaultWrongSuiteSecret},
			{Is: access.ErrWrongTicket, Fault: wire.FaultWrongSuiteTicket},
			{Is: access.ErrAddress, Fault: wire.FaultAddress},
		},
		Chosen: []string{
			"the token is the same as long as it lives, as that of gettoken",
			"what is missing or wrong has the codes of the older global table",
		},
		Serve: func(c *wire.Call) error {
			token, expires, err := s.Access.SuiteToken(c.Context(), access.Suite{
				Key: c.Text(key), Secret: c.Text(secret), Ticket: c.Text(ticket), Terms: terms(c, ""),
			})
			if err != nil {
				return refusedToken(c, err)
			}
			c.Result().Raw(`{"errcode":0,"errmsg":"ok","suite_access_token":`).String(token).Raw(`,"expires_in":`).Int(int64(expires)).Raw("}")
			return nil
		},
	}
}

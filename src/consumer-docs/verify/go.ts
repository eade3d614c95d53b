// Verification in Go. test/consumer-docs compiles and runs it.
export const go = `package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * time.Minute

var (
	validID        = regexp.MustCompile("^[^.]+$")
	validTimestamp = regexp.MustCompile("^[1-9][0-9]{0,11}$")
)

// Verify returns the id of a genuine request, which is the same on every retry: drop what you have.
// body: the bytes as they arrived, before any parsing.
// secrets: the one of your endpoint; during a rotation also the one before.
func Verify(headers http.Header, body []byte, secrets []string) (string, error) {
	id, timestamp := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	if !validID.MatchString(id) || !validTimestamp.MatchString(timestamp) {
		return "", errors.New("missing or malformed headers")
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return "", errors.New("too old, or the clock is wrong")
	}
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			return "", err
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		right := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, signature := range strings.Split(headers.Get("webhook-signature"), " ") {
			if hmac.Equal(right, []byte(signature)) {
				return id, nil
			}
		}
	}
	return "", errors.New("no signature matches")
}
`;

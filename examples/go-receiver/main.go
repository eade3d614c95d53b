// The least that a receiver of webhooks must do: verify the raw body, and handle each event once.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	tolerance = 5 * time.Minute
	mostBytes = 4 << 20
)

type event struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// verify checks a Standard Webhooks signature (v1) over the body as it was received.
func verify(key, body []byte, header http.Header, now time.Time) error {
	id, sentAt := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sentAt, 10, 64)
	if id == "" || strings.Contains(id, ".") || err != nil {
		return errors.New("webhook-id or webhook-timestamp is missing or malformed")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return errors.New("the time of the signature is more than 5 minutes off")
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, sentAt)
	mac.Write(body)
	right := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, signature := range strings.Fields(header.Get("webhook-signature")) {
		if hmac.Equal([]byte(signature), right) {
			return nil
		}
	}
	return errors.New("no signature matches")
}

// receiver remembers the ids that it has handled.
type receiver struct {
	key  []byte
	lock sync.Mutex
	seen map[string]bool
}

func (r *receiver) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, mostBytes))
	if err != nil {
		http.Error(response, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err := verify(r.key, body, request.Header, time.Now()); err != nil {
		http.Error(response, err.Error(), http.StatusUnauthorized)
		return
	}
	var received event
	if err := json.Unmarshal(body, &received); err != nil {
		http.Error(response, "the body is not JSON", http.StatusBadRequest)
		return
	}
	id := request.Header.Get("webhook-id")
	r.lock.Lock()
	defer r.lock.Unlock()
	if !r.seen[id] && !strings.HasPrefix(id, "test_") {
		handle(id, received)
		r.seen[id] = true
	}
	response.WriteHeader(http.StatusNoContent)
}

func handle(id string, received event) {
	log.Printf("handled %s %s %s", id, received.Type, received.Data)
}

func main() {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("WEBHOOK_SECRET"), "whsec_"))
	if err != nil || len(key) == 0 {
		log.Fatal("WEBHOOK_SECRET must be the whsec_… of the endpoint")
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "3000"
	}
	http.Handle("POST /hooks", &receiver{key: key, seen: map[string]bool{}})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}

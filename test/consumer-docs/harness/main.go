package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"

	"example.com/check/webhook"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		parts := strings.Split(lines.Text(), "\t")
		headers := http.Header{}
		headers.Set("webhook-id", parts[0])
		headers.Set("webhook-timestamp", parts[1])
		headers.Set("webhook-signature", parts[2])
		body, _ := base64.StdEncoding.DecodeString(parts[4])
		id, err := webhook.Verify(headers, body, strings.Split(parts[3], " "))
		if err != nil {
			id = "-"
		}
		fmt.Println(id)
	}
}

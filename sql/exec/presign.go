package exec

import (
	"context"
	"encoding/json"
	"time"

	"wharf"
	"wharf/sql"
)

// presignColumns are Databend's.
func presignColumns() []wharf.Column {
	return []wharf.Column{text("method"), {Name: "headers", Type: wharf.TypeJSON}, text("url")}
}

// presign is PRESIGN: one row, the request that its URL permits.
func (s *Session) presign(st *sql.Presign) plan {
	return s.answer(presignColumns(), func(ctx context.Context) ([][]wharf.Value, error) {
		loc, err := wharf.ParseLocation(string(st.Location))
		if err != nil {
			return nil, err
		}
		p, err := s.executor.service.Presign(ctx, s.client.Principal, loc, wharf.PresignRequest{
			Upload: st.Upload, Expire: expire(st.Expire), ContentType: st.ContentType,
		})
		if err != nil {
			return nil, err
		}
		headers, err := headersText(p.Headers)
		if err != nil {
			return nil, err
		}
		return [][]wharf.Value{{wharf.Text(p.Method), wharf.Text(headers), wharf.Text(p.URL)}}, nil
	})
}

// expire gives seconds as a duration. What no duration can hold is too long
// anyhow, and stays so.
func expire(seconds uint64) time.Duration {
	const most = uint64(2 * wharf.MaxPresign / time.Second)
	return time.Duration(min(seconds, most)) * time.Second
}

// headersText is a JSON object, its names in order.
func headersText(headers map[string]string) (string, error) {
	if len(headers) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(headers)
	return string(text), wharf.WrapError(wharf.CodeInternal, "exec.presign", "", err)
}

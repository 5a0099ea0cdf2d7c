"""What banners and visitors call: answers, receipts, impressions, reports."""

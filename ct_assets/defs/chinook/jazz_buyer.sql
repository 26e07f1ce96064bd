select distinct CustomerId
from invoice
join invoiceline using (InvoiceId)
join track using (TrackId)
join genre using (GenreId)
where genre.Name = 'Jazz'
    -- of the data, not of the clock: the list stays the same until the data change
    and InvoiceDate > (select max(InvoiceDate) from invoice) - interval 1 year
order by CustomerId
